package check

import "fmt"

// Status is what came of a check. Their order matters: of several, the worst is what counts, see [Merge].
type Status int

// The statuses, the best last to be wished for: a check that is Pending was not reached; Skip says that it does not
// apply, and why; Warn is odd but allowed, and never changes an exit code; Fail says that the claim is false; Error that
// it could not be tried.
const (
	Pending Status = iota
	Skip
	Pass
	Warn
	Fail
	Error
)

var statuses = [...]string{Pending: "pending", Skip: "skip", Pass: "pass", Warn: "warn", Fail: "fail", Error: "error"}

// String returns the status as it is written in reports.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statuses) {
		return fmt.Sprintf("status(%d)", int(s))
	}
	return statuses[s]
}

// MarshalText implements [encoding.TextMarshaler].
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statuses {
		if name == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("status: want one of %q, got %q", statuses, text)
}

// Merge returns the worse of two statuses.
func Merge(a, b Status) Status { return max(a, b) }
