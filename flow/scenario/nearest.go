package scenario

import "strings"

// Nearest returns the name within a third of its letters of got, else the first that got begins or that begins got;
// "" where none is near.
func Nearest(got string, names []string) string {
	best, bestDistance := "", len(got)/3+2
	for _, name := range names {
		if d := distance(strings.ToLower(got), name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	for _, name := range names {
		if best == "" && len(got) > 2 && (strings.HasPrefix(name, got) || strings.HasPrefix(got, name+"-")) {
			best = name
		}
	}
	return best
}

// distance is Levenshtein's: how many letters to change, add or take away to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}
