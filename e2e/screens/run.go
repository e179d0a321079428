package screens

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// atOnce is how many sign-ins share the browser at a time.
const atOnce = 4

// Each calls play for every cell, for four at once, and returns when all are done.
func Each(cells []Cell, play func(Cell)) {
	queue := make(chan Cell)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for c := range queue {
				play(c)
			}
		})
	}
	for _, c := range cells {
		queue <- c
	}
	close(queue)
	wg.Wait()
}

// Test plays cells as subtests of t, four at once, and enters what comes of each in the table. Where both drivers have
// played a row, they have to agree.
func (st *Stage) Test(t *testing.T, cells []Cell, table *Table) {
	t.Helper()
	var mu sync.Mutex
	outcomes := map[Cell]*Outcome{}
	Each(cells, func(c Cell) {
		table.Set(c, t.Run(c.Name(), func(t *testing.T) {
			o, err := st.Play(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			outcomes[c] = o
			mu.Unlock()
			if err := c.Check(o); err != nil {
				t.Error(err)
			}
		}))
	})
	for _, c := range cells {
		other := Cell{c.Row, c.Generation, "idx"}
		if a, b := outcomes[c], outcomes[other]; c.Driver == "chrome" && a != nil && b != nil {
			table.Set(c, t.Run(c.Name()+" agrees with idx", func(t *testing.T) {
				if err := agree(a, b); err != nil {
					t.Error(err)
				}
			}))
		}
	}
}

// asking are the screens that ask for something. The last words of an engine are a screen to who looks at pages alone,
// and the same question twice is one to who does not.
func (o *Outcome) asking() []string {
	return slices.Compact(slices.DeleteFunc(slices.Clone(o.Screens), func(s string) bool { return s == "terminal" }))
}

// agree says in what two drivers differ that have played the same.
func agree(chrome, idx *Outcome) error {
	var wrong []error
	same := func(what string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			wrong = append(wrong, fmt.Errorf("%s: by chrome %q, by idx %q", what, a, b))
		}
	}
	same("code of the error", chrome.Code(), idx.Code())
	same("amr", chrome.AMR, idx.AMR)
	same("asked of the engine", chrome.Asked, idx.Asked)
	same("screens", chrome.asking(), idx.asking())
	return errors.Join(wrong...)
}
