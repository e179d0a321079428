package cmd

import "os"

// passedOn are the signals that exec passes on to its command.
var passedOn = []os.Signal{os.Interrupt}

// disableCoreDumps does nothing: Windows writes a dump only where an administrator asked for one.
func disableCoreDumps() {}
