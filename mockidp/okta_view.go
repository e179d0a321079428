package mockidp

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// idxView is an answer that is being written: the present screen of a sign-in.
type idxView struct {
	c    *call
	f    *oktaSignIn
	body object
	main []*ionForm // the remediations, in their order: the widget draws the first
	all  []*ionForm // and what else may be sent
}

func (v *idxView) offer(form *ionForm) *ionForm {
	v.main = append(v.main, form)
	return v.also(form)
}

func (v *idxView) also(form *ionForm) *ionForm {
	v.all = append(v.all, form)
	return form
}

func (v *idxView) show() {
	if v.body == nil {
		v.body = object{}
	}
	if !v.f.done() && refusals[v.f.screens[0]] == nil {
		v.f.screen().show(v)
	}
}

// view is the answer: the present screen, or what came of the sign-in, and what was wrong.
func (c *call) view(f *oktaSignIn, r *refusal) (int, object, error) {
	status := http.StatusOK
	body := object{"version": "1.0.0", "intent": "LOGIN"}
	if r != nil {
		status = r.status
		c.entry.Reason = r.key
		if r.field == "" {
			body["messages"] = list([]object{r.message()})
		}
	}
	if f == nil || r != nil && r.ends {
		return status, body, nil
	}
	v := &idxView{c: c, f: f, body: body}
	v.show()
	if r != nil && r.field != "" {
		v.mark(r)
	}
	body["stateHandle"], body["expiresAt"] = f.handle, ionTime(f.expires)
	if len(v.main) > 0 {
		body["remediation"] = list(v.main)
		body["cancel"] = v.form("cancel", "cancel")
	}
	if f.done() {
		v.end(r != nil && r.failed)
	}
	v.people()
	return status, body, nil
}

// end is success-redirect, which leads back to the client with an error too; its twin is for a refusal that the page
// shows. The second generation of the widget cannot draw the twin without a message.
func (v *idxView) end(refused bool) {
	name, what := "success-redirect", "success"
	if refused {
		name, what = "failure-redirect", "failure"
	}
	form := &ionForm{Name: name, Method: "GET", Href: v.c.s.base.String() + tokenPath + "?" + url.Values{"stateToken": {v.f.handle}}.Encode()}
	if v.c.s.cfg.Org.RedirectRemediation {
		v.body["remediation"] = list([]*ionForm{form})
		return
	}
	v.body[what] = object{"name": name, "href": form.Href}
}

func (v *idxView) people() {
	f := v.f
	app := f.request.client.ID
	v.body["app"] = single(object{"name": "oidc_client", "label": app, "id": stableID("0oa", app)})
	if f.login == "" {
		return
	}
	user := object{"id": stableID("00u", f.login), "identifier": f.login}
	if f.account != nil {
		user = object{"id": f.account.user.ID(), "identifier": f.account.person.Login}
	}
	v.body["user"] = single(user)
}

// mark puts a refusal at its field.
func (v *idxView) mark(r *refusal) {
	for _, form := range v.main {
		if markField(form.Value, r) {
			return
		}
	}
	v.body["messages"] = list([]object{r.message()})
}

func markField(fields []ionField, r *refusal) bool {
	for i := range fields {
		if fields[i].Name == r.field {
			fields[i].Messages = list([]object{r.message()})
			return true
		}
		if fields[i].Form != nil && markField(fields[i].Form.Value, r) {
			return true
		}
	}
	return false
}

// authenticators are those of methods: with what enrolled in them, and the places of each.
func (v *idxView) authenticators(of []*method) (place map[string]int) {
	place = map[string]int{}
	var authenticators, enrolments []object
	for _, m := range of {
		i, ok := place[m.key]
		if !ok {
			i = len(authenticators)
			place[m.key] = i
			for _, l := range []*[]object{&authenticators, &enrolments} {
				*l = append(*l, object{"type": m.kind, "key": m.key, "id": m.id(), "displayName": m.label, "methods": []object{}})
			}
			enrolments[i]["id"] = m.enrolmentID(v.f.login)
			v.describe(m, enrolments[i])
		}
		for _, l := range [][]object{authenticators, enrolments} {
			l[i]["methods"] = append(l[i]["methods"].([]object), object{"type": m.via})
		}
	}
	enrolments = append(enrolments, v.passkeys(enrolments)...)
	v.body["authenticators"], v.body["authenticatorEnrollments"] = list(authenticators), list(enrolments)
	return place
}

// describe adds what is known of the user's enrolment.
func (v *idxView) describe(m *method, to object) {
	a := v.f.account
	if a == nil {
		return
	}
	if m.profile != nil {
		to["profile"] = m.profile(a)
	}
}

// passkeys gives the enrolment of passkeys its credential, and makes one for each further passkey.
func (v *idxView) passkeys(enrolments []object) (more []object) {
	for _, e := range enrolments {
		if e["key"] != "webauthn" || v.f.account == nil {
			continue
		}
		for i, k := range v.f.account.person.Passkeys {
			to := e
			if i > 0 {
				to = maps.Clone(e)
				more = append(more, to)
			}
			to["credentialId"] = b64.EncodeToString(k.ID)
		}
	}
	return more
}

// selection offers the methods of a choice. Those of one authenticator are one option, with the methods below it.
func (v *idxView) selection(choices []*method, place map[string]int) *ionForm {
	var options []ionOption
	at := map[string]int{}
	for _, m := range choices {
		if i, ok := at[m.key]; ok {
			fields := options[i].Value.(object)["form"].(*ionFields).Value
			via := &fields[1]
			via.Options = append(via.Options, ionOption{Label: m.short, Value: m.via})
			continue
		}
		at[m.key] = len(options)
		options = append(options, v.option(m, place))
	}
	return v.form("select-authenticator-authenticate", "challenge", ionField{Name: "authenticator", Type: "object", Required: true, Options: options})
}

func (v *idxView) option(m *method, place map[string]int) ionOption {
	fields := []ionField{
		{Name: "id", Required: true, Value: m.id(), Mutable: no},
		{Name: "methodType", Value: m.via, Mutable: no},
	}
	if m.short != "" {
		fields[1] = ionField{Name: "methodType", Type: "string", Options: []ionOption{{Label: m.short, Value: m.via}}}
	}
	if m.kind == "phone" {
		fields = append(fields, ionField{Name: "enrollmentId", Required: true, Value: m.enrolmentID(v.f.login), Mutable: no})
	}
	return ionOption{
		Label: m.label, Value: object{"form": &ionFields{fields}},
		RelatesTo: "$.authenticatorEnrollments.value[" + strconv.Itoa(place[m.key]) + "]",
	}
}
