package trace

import "strings"

// jwt reads a JWS or JWE in compact serialization that begins at i: eyJ is {" in base64url.
func jwt(s string, i int, emit func(found)) int {
	if !strings.HasPrefix(s[i:], "eyJ") || i > 0 && tokenByte(s[i-1]) {
		return i + 1
	}
	end, dots := i, 0
	for end < len(s) && tokenByte(s[end]) {
		if s[end] == '.' {
			dots++
		}
		end++
	}
	if dots >= 2 {
		emit(found{kind: "jwt", name: i, start: i, end: end, value: s[i:end]})
	}
	return end
}

func tokenByte(c byte) bool { return alphanumeric(c) || c == '-' || c == '_' || c == '.' }

// isScheme reports whether s ends with an authentication scheme after which a token stands (RFC 6750 §2.1, RFC 9449
// §7.1, RFC 7617 §2).
func isScheme(s string) bool {
	if s == "" {
		return false
	}
	name := ""
	switch s[len(s)-1] | 0x20 {
	case 'r':
		name = "bearer"
	case 'p':
		name = "dpop"
	case 'c':
		name = "basic"
	}
	return name != "" && len(s) >= len(name) && strings.EqualFold(s[len(s)-len(name):], name)
}

// scheme reads what follows the name of a scheme whose blank is at i. Less than 16 characters, and a parameter with its
// = and quote as in a challenge, are no token.
func scheme(s string, i int, emit func(found)) int {
	if !isScheme(s[:i]) {
		return i + 1
	}
	end := i + 1
	for end < len(s) && (base64Byte(s[end]) || strings.IndexByte(".~=", s[end]) >= 0) {
		end++
	}
	if end-i <= 16 || end < len(s) && s[end] == '"' || isText(s[i+1:end]) {
		return i + 1
	}
	emit(found{kind: "authorization", name: i, start: i + 1, end: end, value: s[i+1 : end]})
	return end
}

// userinfo reads the password of https://user:password@host whose first colon is at i.
func userinfo(s string, i int, emit func(found)) {
	const longest = 256
	if !strings.HasPrefix(s[i:], "://") {
		return
	}
	start := i + len("://")
	authority := s[start:min(len(s), start+longest)]
	if n := strings.IndexAny(authority, " /?#\"'<>\r\n"); n >= 0 {
		authority = authority[:n]
	}
	// RFC 3986 §3.2.1 lets no @ stand in userinfo; where one does, the last one ends it.
	at := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if colon < 0 || at <= colon+1 {
		return
	}
	value := unescape(authority[colon+1:at], percent)
	emit(found{kind: "password", name: i, start: start + colon + 1, end: start + at, value: value})
}

// picture reads a picture within a text, data:image/png;base64,… whose colon is at i: one that a provider shows may be of
// a secret, as that which an authenticator app scans.
func picture(s string, i int, emit func(found)) {
	const longest = 64 // of what comes before the comma
	if !strings.HasSuffix(s[:i], "data") || !strings.HasPrefix(s[i:], ":image") {
		return
	}
	comma := strings.IndexByte(s[i:min(len(s), i+longest)], ',')
	if comma < 0 {
		return
	}
	start := i + comma + 1
	end := len(s)
	if n := strings.IndexAny(s[start:], " \"'<>()\r\n"); n >= 0 {
		end = start + n
	}
	if end > start {
		emit(found{kind: "picture", name: i, start: start, end: end, value: s[start:end], text: true})
	}
}
