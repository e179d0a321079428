package flow

import (
	"net/url"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzCallback(f *testing.F) {
	for _, s := range []string{
		"https://app.example.com/cb?code=a&state=s", "https://app.example.com/cb#code=a&state=s",
		"https://app.example.com/cb?x=1&code=a&code=b&state=s", "com.example.app:/cb?error=access_denied&state=s",
		"urn:ietf:wg:oauth:2.0:oob?code=a&state=s&iss=https://id.example.com", "https://app.example.com/cb?%zz",
	} {
		f.Add("https://app.example.com/cb?x=1", s, s)
		f.Add("com.example.app:/cb", s, "code=a&state=s")
	}
	const issuer = "https://id.example.com"
	c, err := New(Config{Issuer: issuer, ClientID: "tool",
		Endpoints: Endpoints{Authorization: issuer + "/a", Token: issuer + "/t", JWKS: issuer + "/k"}})
	require.NoError(f, err)
	a := &Authorization{Issuer: issuer, State: "s"}
	f.Fuzz(func(t *testing.T, redirectURI, location, body string) {
		if cb, ok := CallbackAt(redirectURI, location); ok {
			sameOriginOrFail(t, redirectURI, location)
			checkCode(t, c, a, cb)
		}
		if cb, err := CallbackFromForm(body); err == nil {
			checkCode(t, c, a, cb)
		}
	})
}

func sameOriginOrFail(t *testing.T, redirectURI, location string) {
	t.Helper()
	want, err := url.Parse(redirectURI)
	require.NoError(t, err)
	got, err := url.Parse(location)
	require.NoError(t, err)
	require.True(t, sameOrigin(want, got))
}

// checkCode makes sure that a code comes only with the state, and an error only as one of ours.
func checkCode(t *testing.T, c *Client, a *Authorization, cb *Callback) {
	t.Helper()
	code, err := c.Code(t.Context(), a, cb)
	if err != nil {
		checkError(t, err)
		return
	}
	require.NotEmpty(t, code)
	require.Equal(t, []string{"s"}, cb.Params["state"])
	require.False(t, cb.Params.Has("error"))
}

// checkError makes sure that an error can be shown: a code of few letters, one line of text.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Regexp(t, `^[a-z]+\.[a-z0-9_.]{1,40}$`, e.Code)
	require.Less(t, len(e.Error()), 4000)
	require.True(t, utf8.ValidString(e.Error()))
	require.NotRegexp(t, `[\x00-\x1f\x7f]`, e.Error())
}

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{
		`{"issuer":"https://id.example.com","token_endpoint":"https://id.example.com/t"}`, `{"issuer":1}`, `[]`, `{}`, ``,
		`{"issuer":"a","issuer":"b"}`, `{"issuer":"a","id_token_signing_alg_values_supported":["RS256",1]}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		m, err := ParseMetadata(document)
		if err != nil {
			checkError(t, err)
			return
		}
		require.NotEmpty(t, m.Issuer)
		require.NotContains(t, m.signingAlgs(), "none")
		c, err := New(Config{Issuer: "https://id.example.com", ClientID: "tool"})
		require.NoError(t, err)
		if err := c.checkMetadata(m); err != nil {
			checkError(t, err)
			return
		}
		u, err := url.Parse(m.Endpoints.Token)
		require.NoError(t, err)
		require.Equal(t, "https://id.example.com:443", u.Scheme+"://"+hostPort(u))
	})
}

func FuzzTokenResponse(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"a","token_type":"bearer","expires_in":3600,"scope":"openid","id_token":"x.y.z"}`,
		`{"access_token":"a","token_type":"DPoP","expires_in":"1e9"}`, `{"error":"invalid_grant"}`,
		`{"errorCode":"E0000047","errorSummary":"x"}`, `<html><title>x</title>`, `access_token=a`, `null`, `{"a":{"b":[1,{"c":null}]}}`,
	} {
		f.Add("application/json", 200, []byte(s))
		f.Add("text/html", 400, []byte(s))
	}
	f.Fuzz(func(t *testing.T, contentType string, status int, body []byte) {
		tokens, err := ParseTokenResponse(contentType, status, body)
		if err != nil {
			checkError(t, err)
			return
		}
		require.False(t, tokens.AccessToken.IsZero())
		require.NotEmpty(t, tokens.TokenType)
		require.Less(t, status, 400)
	})
}
