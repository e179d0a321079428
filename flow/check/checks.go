package check

import "slices"

// Checks are all there are, in the order in which an exchange shows them.
var Checks = slices.Concat(idTokenChecks)
