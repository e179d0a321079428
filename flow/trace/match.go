package trace

import "strings"

// shortest is the length in bytes below which a value is not looked for. Three letters or digits stand in every other
// line by chance: hiding them would spoil the text and, by where the gaps are, even give them away.
const shortest = 4

// crowded is how many needles of values that a provider sent may begin alike, so that it cannot make matching slow.
const crowded = 256

// A needle is one way in which a value may be written.
type needle struct {
	text   string
	entry  *entry
	before bool // base64: the character before holds bits of the value too
	after  bool // base64: so does the one after
}

// An entry is what is known of one value.
type entry struct {
	value string
	kind  string
	label string
	hosts []string

	partial bool // not all of its needles are in the index
}

// index finds many needles in one pass: a bitmap over hashes of four bytes says no at nearly every place, and a table
// by these four bytes has the few needles to compare with elsewhere.
type index struct {
	bitmap  [1 << 12]uint64
	needles map[uint32][]needle
	longest int
}

// add adds n, and reports whether it did: with bounded, not where too many begin alike.
func (x *index) add(n needle, bounded bool) bool {
	if len(n.text) < shortest {
		return true
	}
	k := four(n.text, 0)
	if bounded && len(x.needles[k]) >= crowded {
		return false
	}
	if x.needles == nil {
		x.needles = map[uint32][]needle{}
	}
	x.needles[k] = append(x.needles[k], n)
	h := hash(k)
	x.bitmap[h>>6] |= 1 << (h & 63)
	x.longest = max(x.longest, len(n.text))
	return true
}

// find calls hit for every occurrence, overlapping ones too. With cut, the text lost its end: a needle's beginning
// there is an occurrence as well.
func (x *index) find(s string, cut bool, hit func(start, end int, e *entry)) {
	for i := 0; i+shortest <= len(s); i++ {
		k := four(s, i)
		h := hash(k)
		if x.bitmap[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range x.needles[k] {
			switch {
			case strings.HasPrefix(s[i:], n.text):
				start, end := n.widen(s, i)
				hit(start, end, n.entry)
			case cut && strings.HasPrefix(n.text, s[i:]):
				hit(i, len(s), n.entry)
			}
		}
	}
}

// widen returns the place of n in s, with the base64 characters at its ends that hold bits of the value and of its
// neighbour.
func (n needle) widen(s string, start int) (int, int) {
	end := start + len(n.text)
	if n.before && start > 0 && base64Byte(s[start-1]) {
		start--
	}
	if n.after && end < len(s) && base64Byte(s[end]) {
		end++
	}
	return start, end
}

func base64Byte(c byte) bool {
	return alphanumeric(c) || c == '+' || c == '/' || c == '-' || c == '_'
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func four(s string, i int) uint32 {
	_ = s[i+3]
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// hash is the multiplicative hash of Knuth, The Art of Computer Programming, §6.4: 18 bits for the bitmap.
func hash(k uint32) uint32 { return k * 2654435761 >> 14 }
