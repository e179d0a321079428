package mockidp

import (
	"net/url"
	"strconv"
	"strings"
)

// authnView is the present state of a sign-in, with links to what may be asked for in it.
func (c *call) authnView(f *authnSignIn) object {
	if f.refused != nil {
		return f.relayed(object{})
	}
	v := authnState{c, f, object{"user": f.profile()}, object{}}
	body := object{"status": f.state(), "expiresAt": ionTime(f.expires), "_embedded": v.embedded}
	if f.done() {
		c.authnEnd(f, body)
		return f.relayed(body)
	}
	body["stateToken"] = f.token
	v.show(body)
	v.links["cancel"] = c.authnLink("cancel")
	body["_links"] = v.links
	return f.relayed(body)
}

func (f *authnSignIn) relayed(body object) object {
	if f.relay != "" {
		body["relayState"] = f.relay
	}
	return body
}

// authnLink leads below /api/v1/authn/.
func (c *call) authnLink(path string) object {
	return object{"href": c.s.base.String() + authnPath + "/" + path, "hints": object{"allow": []string{"POST"}}}
}

func (c *call) authnNamedLink(name, path string) object {
	l := c.authnLink(path)
	l["name"] = name
	return l
}

func (f *authnSignIn) profile() object {
	first, last, _ := strings.Cut(f.account.person.name(), " ")
	return object{"id": f.account.user.ID(), "profile": object{
		"login": f.account.person.Login, "firstName": first, "lastName": last, "locale": "en", "timeZone": "America/Los_Angeles",
	}}
}

// authnEnd ends a sign-in with a session token, and a consent with the way back.
func (c *call) authnEnd(f *authnSignIn, body object) {
	if f.request != nil {
		body["type"] = "SESSION_STEP_UP"
		body["_links"] = object{"next": object{
			"name": "original", "href": c.s.base.String() + stepUpPath + "?" + url.Values{"stateToken": {f.token}}.Encode(),
			"hints": object{"allow": []string{"GET"}},
		}}
		return
	}
	c.s.authns.drop(f.token)
	session := "20111" + c.s.random.token()[:37]
	expires := c.now.Add(authnTTL)
	c.s.authns.put(session, f, c.now, expires)
	body["sessionToken"], body["expiresAt"] = session, ionTime(expires)
}

func (c *call) lockedOutView() object {
	return object{"status": "LOCKED_OUT", "_embedded": object{}, "_links": object{"next": c.authnNamedLink("unlock", "recovery/unlock")}}
}

// authnState is a state that is being written.
type authnState struct {
	c        *call
	f        *authnSignIn
	embedded object
	links    object
}

func (v authnState) show(body object) {
	switch body["status"] {
	case "PASSWORD_EXPIRED", "PASSWORD_WARN":
		v.newPassword(body["status"] == "PASSWORD_WARN")
	case "CONSENT_REQUIRED":
		v.consent()
	case "MFA_ENROLL":
		v.enrol()
	case "MFA_ENROLL_ACTIVATE":
		v.activate()
	case "MFA_REQUIRED":
		v.choice()
	case "MFA_CHALLENGE":
		if result := v.challenge(); result != "" {
			body["factorResult"] = result
		}
	}
}

func (v authnState) newPassword(expiring bool) {
	policy := object{"complexity": object{
		"minLength": 8, "minLowerCase": 0, "minUpperCase": 0, "minNumber": 0, "minSymbol": 0, "excludeUsername": true,
	}}
	if expiring {
		policy["expiration"] = object{"passwordExpireDays": daysToExpiry}
		v.links["skip"] = v.c.authnLink("skip")
	}
	v.embedded["policy"] = policy
	v.links["next"] = v.c.authnNamedLink("changePassword", "credentials/change_password")
}

func (v authnState) consent() {
	r := v.f.request
	var scopes []object
	for _, s := range r.scopes {
		scopes = append(scopes, object{"name": s, "displayName": scopeText(s), "description": scopeText(s)})
	}
	v.embedded["scopes"] = scopes
	v.embedded["target"] = object{"type": "APP", "name": "oidc_client", "label": r.client.ID, "clientId": r.client.ID, "_links": object{}}
	v.embedded["authentication"] = object{"protocol": "OAUTH2.0", "issuer": object{"name": v.c.s.cfg.Org.Name, "uri": r.as.issuer}}
	v.links["next"] = v.c.authnNamedLink("consent", "consent")
}

// factor describes one of the user's factors.
func (v authnState) factor(k *authnFactor) object {
	out := object{"id": k.id(v.f.account), "factorType": k.kind, "provider": k.provider, "vendorName": k.provider}
	if k.profile != nil {
		out["profile"] = k.profile(v.f.account)
	}
	return out
}

// passkeys are the user's, each a factor.
func (v authnState) passkeys() (out []object) {
	for i, key := range v.f.account.person.Passkeys {
		p := v.factor(authnFactorNamed("passkey"))
		p["id"] = passkeyID(key)
		p["profile"] = object{"credentialId": b64.EncodeToString(key.ID), "authenticatorName": "Passkey " + strconv.Itoa(i+1)}
		out = append(out, p)
	}
	return out
}

func (v authnState) choice() {
	var factors []object
	for _, m := range v.f.choices() {
		k := authnFactorNamed(m.name)
		if m.name != "passkey" {
			factors = append(factors, v.factor(k))
			continue
		}
		keys := v.passkeys()
		factors = append(factors, keys...)
		if len(keys) > 1 { // any of them will do
			v.embedded["factorTypes"] = []object{{"factorType": k.kind, "_links": object{"next": v.c.authnNamedLink("verify", "factors/"+k.kind+"/verify")}}}
		}
	}
	for _, f := range factors {
		f["_links"] = object{"verify": v.c.authnLink("factors/" + f["id"].(string) + "/verify")}
	}
	v.embedded["factors"] = factors
	v.remember()
}

func (v authnState) remember() {
	v.embedded["policy"] = object{
		"allowRememberDevice": true, "rememberDeviceByDefault": false, "rememberDeviceLifetimeInMinutes": int(rememberFor.Minutes()),
	}
}

// challenge shows the factor that is asked for, and returns what came of it so far.
func (v authnState) challenge() (result string) {
	m := v.f.method
	k := authnFactorNamed(m.name)
	factor := v.factor(k)
	next := v.c.authnNamedLink
	id := factor["id"].(string)
	v.links["prev"] = v.c.authnLink("previous")
	switch {
	case m.name == "passkey":
		id = v.passkeyChallenge()
		v.links["next"] = next("verify", "factors/"+id+"/verify")
		v.remember()
		return "CHALLENGE"
	case m.name == "push" && v.f.challenge.verdict == "told":
		v.links["next"] = next("verify", "factors/"+id+"/verify")
		result = "REJECTED"
	case m.name == "push":
		number, err := strconv.Atoi(v.f.challenge.number)
		if err == nil {
			factor["_embedded"] = object{"challenge": object{"correctAnswer": number}}
		}
		v.links["next"] = next("poll", "factors/"+id+"/verify")
		result = "WAITING"
	default:
		v.links["next"] = next("verify", "factors/"+id+"/verify")
	}
	if result != "REJECTED" {
		v.links["resend"] = []object{next(k.kind, "factors/"+id+"/verify/resend")}
	}
	v.embedded["factor"] = factor
	v.remember()
	return result
}

// passkeyChallenge shows the challenge, of one passkey or of them all, and returns the id that it is answered under.
func (v authnState) passkeyChallenge() string {
	challenge := object{"challenge": v.f.challenge.nonce, "userVerification": "required", "extensions": object{}}
	keys := v.passkeys()
	for _, k := range keys {
		k["_embedded"] = object{"challenge": challenge}
	}
	if v.f.collective {
		v.embedded["factors"], v.embedded["challenge"] = keys, challenge
		return authnFactorNamed("passkey").kind
	}
	v.embedded["factor"] = keys[0]
	return keys[0]["id"].(string)
}

// enrol offers to set up Google Authenticator. Where it is optional something is set up already, or the page would have
// no way to go on without it.
func (v authnState) enrol() {
	google := authnFactorNamed("google_otp")
	factors := []object{{"factorType": google.kind, "provider": google.provider, "vendorName": google.provider, "enrollment": "REQUIRED", "status": "NOT_SETUP"}}
	if !v.f.required() {
		factors[0]["enrollment"] = "OPTIONAL"
		for _, name := range []string{"email", "question", "sms"} {
			if k := authnFactorNamed(name); methodNamed(name).has(v.f.account) {
				factors = append(factors, object{"factorType": k.kind, "provider": k.provider, "vendorName": k.provider, "enrollment": "OPTIONAL", "status": "ACTIVE"})
			}
		}
		v.links["skip"] = v.c.authnLink("skip")
	}
	factors[0]["_links"] = object{"enroll": v.c.authnLink("factors")}
	v.embedded["factors"] = factors
}

func (v authnState) activate() {
	k, secret := authnFactorNamed("google_otp"), v.f.challenge.secret
	factor := v.factor(k)
	qr := qrCode(v.f.login, secret)
	factor["_embedded"] = object{"activation": object{
		"timeStep": int(totpPeriod.Seconds()), "sharedSecret": secret, "encoding": "base32", "keyLength": 6,
		"_links": object{"qrcode": object{"href": qr["href"], "type": qr["type"]}},
	}}
	v.embedded["factor"] = factor
	v.links["next"] = v.c.authnNamedLink("activate", "factors/"+k.id(v.f.account)+"/lifecycle/activate")
	v.links["prev"] = v.c.authnLink("previous")
}
