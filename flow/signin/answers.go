package signin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Answers answers security questions.
type Answers struct {
	byQuestion map[string]trace.Secret // by folded text or key; "*" is any
}

// maxAnswers bounds a file of answers.
const maxAnswers = 64 << 10

// ParseAnswers reads lines "question = answer", split at the first " = ". The question is the text that the page shows,
// compared without regard to case, punctuation and white space; or Okta's key of the question; or *, which is any
// question. Empty lines and those that begin with # are left out. All lines that are wrong are reported, by number, at
// once; an error repeats no answer.
func ParseAnswers(r io.Reader) (*Answers, error) {
	a := &Answers{byQuestion: map[string]trace.Secret{}}
	var wrong []error
	lines := bufio.NewScanner(io.LimitReader(r, maxAnswers))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		question, answer, ok := strings.Cut(line, " = ")
		question, answer = strings.TrimSpace(question), strings.TrimSpace(answer)
		key := questionKey(question)
		switch {
		case !ok || question == "" || answer == "":
			wrong = append(wrong, fmt.Errorf(`answers: line %d: want "question = answer"`, n))
		case !a.byQuestion[key].IsZero():
			wrong = append(wrong, fmt.Errorf("answers: line %d: question %q is there twice", n, clean(question, maxShown)))
		default:
			a.byQuestion[key] = trace.NewSecret("answer", answer)
		}
	}
	if err := lines.Err(); err != nil {
		wrong = append(wrong, fmt.Errorf("reading answers: %w", err))
	}
	if len(wrong) == 0 && len(a.byQuestion) == 0 {
		wrong = append(wrong, errors.New(`answers: want at least one line "question = answer"`))
	}
	return a, errors.Join(wrong...)
}

// questionKey is the form in which questions are compared. Okta's keys (name_of_first_plush_toy) are words too.
func questionKey(question string) string {
	if question == "*" {
		return question
	}
	return fold(question)
}

// CanAnswer implements [CanAnswer].
func (a *Answers) CanAnswer(k ChallengeKind) bool { return k == ChallengeQuestion }

// Answer implements [Factor].
func (a *Answers) Answer(_ context.Context, c Challenge) (trace.Secret, error) {
	if c.Kind != ChallengeQuestion {
		return trace.Secret{}, ErrNotMine
	}
	for _, question := range []string{c.Key, c.Text, "*"} {
		if answer, ok := a.byQuestion[questionKey(question)]; ok && question != "" {
			return answer, nil
		}
	}
	return trace.Secret{}, fmt.Errorf("no answer to %q: %w", clean(c.Text, maxShown), ErrNotMine)
}
