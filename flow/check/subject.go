package check

// Subject is one exchange as it was seen on the wire.
type Subject struct{}
