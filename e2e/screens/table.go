package screens

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// Table is what came of cells in one run. Its zero value is empty; it is safe for concurrent use.
type Table struct {
	mu   sync.Mutex
	came map[string]bool
}

// Set enters whether a cell came out right. One that is entered twice has to come out right both times.
func (t *Table) Set(c Cell, right bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.came == nil {
		t.came = map[string]bool{}
	}
	before, again := t.came[c.Name()]
	t.came[c.Name()] = right && (before || !again)
}

// Write prints the table of rows: pass and FAIL for cells that were played, "not run" for those that were not, and – for
// those that there cannot be, with the reason below.
func (t *Table) Write(w io.Writer, rows []Row) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	var notes []string
	const first, wide = 44, 10
	line := func(name string, cells []string) {
		fmt.Fprintf(&b, "%-*s", first, name)
		for _, c := range cells {
			fmt.Fprintf(&b, "%-*s", wide, c)
		}
		b.WriteString("\n")
	}
	var above, heads []string
	for _, g := range Generations {
		for i, d := range Drivers {
			above, heads = append(above, map[int]string{0: g}[i]), append(heads, d)
		}
	}
	line("", above)
	line("screen", heads)
	passed, all := 0, 0
	for i := range rows {
		var cells []string
		for _, g := range Generations {
			for _, d := range Drivers {
				c := Cell{&rows[i], g, d}
				if why := c.Missing(); why != "" {
					cells = append(cells, "– "+note(&notes, why))
					continue
				}
				all++
				right, played := t.came[c.Name()]
				switch {
				case !played:
					cells = append(cells, "not run")
				case right:
					passed++
					cells = append(cells, "pass")
				default:
					cells = append(cells, "FAIL")
				}
			}
		}
		line(rows[i].Name, cells)
	}
	for i, why := range notes {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, why)
	}
	fmt.Fprintf(&b, "%d of %d cells pass\n", passed, all)
	_, err := io.WriteString(w, b.String())
	return err
}

// note returns the number of a reason among the notes.
func note(notes *[]string, why string) string {
	for i, n := range *notes {
		if n == why {
			return fmt.Sprint(i + 1)
		}
	}
	*notes = append(*notes, why)
	return fmt.Sprint(len(*notes))
}

// Played reports whether any cell was.
func (t *Table) Played() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.came) > 0
}
