package signin_test

import (
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/stretchr/testify/require"
)

func TestAnswersFindTheQuestion(t *testing.T) {
	t.Parallel()
	answers, err := signin.ParseAnswers(strings.NewReader("# of alice\n\nWhat is a = b? = an = sign\nname_of_first_plush_toy = Ted\r\n* = anything\n"))
	require.NoError(t, err)
	tests := []struct {
		name      string
		challenge signin.Challenge
		want      string
	}{
		{"by its text, case and white space aside", signin.Challenge{Text: " what IS   the food? "}, "anything"},
		{"by Okta's key", signin.Challenge{Text: "What is the name of your first stuffed animal?", Key: "name_of_first_plush_toy"}, "Ted"},
		{"split at the first sign between blanks", signin.Challenge{Text: "What is a"}, "b? = an = sign"},
	}
	for _, test := range tests {
		test.challenge.Kind = signin.ChallengeQuestion
		got, err := answers.Answer(t.Context(), test.challenge)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, got.Reveal(), test.name)
	}
	_, err = answers.Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeTOTP})
	require.ErrorIs(t, err, signin.ErrNotMine)
}

func TestAnUnknownQuestionIsNotAnswered(t *testing.T) {
	t.Parallel()
	answers, err := signin.ParseAnswers(strings.NewReader("Your first pet? = Rex"))
	require.NoError(t, err)
	_, err = answers.Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeQuestion, Text: "Your first car?"})
	require.ErrorIs(t, err, signin.ErrNotMine)
	require.ErrorContains(t, err, "Your first car?")
}

func TestParseAnswersReportsEachWrongLineByNumber(t *testing.T) {
	t.Parallel()
	_, err := signin.ParseAnswers(strings.NewReader("pet=Rex\npet = Rex\n = Paris\ncity = \nPET = Tom\n"))
	require.EqualError(t, err, strings.Join([]string{
		`answers: line 1: want "question = answer"`,
		`answers: line 3: want "question = answer"`,
		`answers: line 4: want "question = answer"`,
		`answers: line 5: question "PET" is there twice`,
	}, "\n"))
	_, err = signin.ParseAnswers(strings.NewReader("# nothing\n"))
	require.ErrorContains(t, err, "at least one line")
}
