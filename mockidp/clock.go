package mockidp

import (
	"sync"
	"time"
)

// Clock is the provider's clock: everything that expires, and every time in a token or a header, follows it. It runs
// with Config.Now until it is frozen.
type Clock struct {
	source func() time.Time

	mu     sync.RWMutex
	offset time.Duration
	frozen time.Time // zero: running
}

// Now returns the provider's time.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.source().Add(c.offset)
}

// Freeze stops the clock where it is. A second call changes nothing.
func (c *Clock) Freeze() {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen.IsZero() {
		c.frozen = now
	}
}

// Advance moves the clock by d, whether it runs or stands still. A negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	if !c.frozen.IsZero() {
		c.frozen = c.frozen.Add(d)
	}
}

// Resume lets a frozen clock run on from where it stands.
func (c *Clock) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.offset = c.frozen.Sub(c.source())
		c.frozen = time.Time{}
	}
}

// reset lets the clock run with its source again.
func (c *Clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen = 0, time.Time{}
}
