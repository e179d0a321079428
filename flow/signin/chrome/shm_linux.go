package chrome

import "syscall"

// enoughSharedMemory is what a few pages need. Containers have 64 MB unless told otherwise, and Chrome crashes when it
// is used up.
const enoughSharedMemory = 256 << 20

// smallSharedMemory reports whether Chrome should keep its shared memory in files.
func smallSharedMemory() bool {
	var st syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &st); err != nil {
		return true
	}
	return st.Bavail*uint64(st.Bsize) < enoughSharedMemory
}
