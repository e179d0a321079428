package mockidp

import "time"

// maxKept bounds every store: beyond it the oldest entry goes, so that a load test cannot fill the memory.
const maxKept = 1 << 17

// store keeps values until they expire. Its user holds the lock.
type store[V any] struct {
	values map[string]stored[V]
	order  []due // by time of arrival; entries before head are gone
	head   int
}

type stored[V any] struct {
	value   V
	expires time.Time
}

type due struct {
	key     string
	expires time.Time
}

// put keeps v under key until expires, and drops what has expired by now.
func (s *store[V]) put(key string, v V, now, expires time.Time) {
	if s.values == nil {
		s.values = map[string]stored[V]{}
	}
	for s.head < len(s.order) && (len(s.values) >= maxKept || !s.order[s.head].expires.After(now)) {
		d := s.order[s.head]
		if s.values[d.key].expires.Equal(d.expires) { // else it was replaced by a later one
			delete(s.values, d.key)
		}
		s.order[s.head] = due{}
		s.head++
	}
	if s.head > len(s.order)/2 {
		s.order = append(s.order[:0], s.order[s.head:]...)
		s.head = 0
	}
	s.values[key] = stored[V]{v, expires}
	s.order = append(s.order, due{key, expires})
}

// get returns what is under key and has not expired at now.
func (s *store[V]) get(key string, now time.Time) (v V, ok bool) {
	e, ok := s.values[key]
	if !ok || !e.expires.After(now) {
		return v, false
	}
	return e.value, true
}

func (s *store[V]) drop(key string) { delete(s.values, key) }
