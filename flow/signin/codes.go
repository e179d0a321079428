package signin

import "slices"

// Codes returns the codes of the errors with which a [Page] may end a sign-in, as Pages and Verdicts have them.
func Codes() []string {
	var codes []string
	for _, p := range Pages {
		codes = append(codes, p.Code)
	}
	for _, v := range Verdicts {
		codes = append(codes, v.Code)
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	return slices.DeleteFunc(codes, func(c string) bool { return c == "" })
}

// Fillable returns the kinds of fields that a [Page] may fill.
func Fillable() []string {
	return []string{kindIdentifier, kindPassword, kindCode, kindAnswer, kindNewPassword}
}

// Remediations returns the steps of Okta's sign-in that a [Page] may say where to press for: those of the Identity Engine
// in which something is pressed, and those of the Classic one.
func Remediations() []string {
	var names []string
	for _, s := range IDXSteps {
		if !s.Alone && !slices.Contains([]string{"", idxFollow, idxPoll, idxPush}, s.Does) {
			names = append(names, s.Name)
		}
	}
	return append(names, AuthnVerify, AuthnSend, AuthnAllow, AuthnDeny, AuthnRenewal)
}

// KindNames returns the kinds of fields that a [Sign] may name: those of [Kinds], and typed, which is any.
func KindNames() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return append(names, kindTyped)
}
