//go:build !linux

package chrome

// smallSharedMemory reports whether Chrome should keep its shared memory in files: a matter of Linux alone.
func smallSharedMemory() bool { return false }
