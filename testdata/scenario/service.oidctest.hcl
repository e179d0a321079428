# The service under test is asked with the tokens that its users would have. Here it is the provider's own userinfo;
# another host than the issuer's must be allowed: --allow-host api.example.com.
idp {
  user "alice" {
    password = "correct horse battery staple"
    email    = "alice@example.com"
  }
}

client "web" {
  scopes = ["openid", "email"]
}

run "calls" {
  request "me" {
    url     = "${result.issuer}/oauth2/v1/userinfo"
    headers = { Authorization = "Bearer ${result.tokens.access_token}" }

    assert "ok" {
      condition     = response.status == 200
      error_message = "it answers ${response.status}"
    }
    assert "address" {
      condition = response.json.email == "alice@example.com"
    }
    assert "json" {
      condition = startswith(response.headers["content-type"], "application/json")
    }
  }
  # Several requests are made one after the other, and later asserts read what they came to.
  request "nobody" {
    url = "${result.issuer}/oauth2/v1/userinfo"
    assert "refused" {
      condition = response.status == 401
    }
  }
  assert "compares_both" {
    condition = result.response.me.status < result.response.nobody.status
  }
}

run "posts" {
  request "me" {
    method  = "POST"
    url     = "${result.issuer}/oauth2/v1/userinfo"
    headers = { Authorization = "Bearer ${result.tokens.access_token}" }
    assert "same_user" {
      condition = response.status == 200 && response.json.sub == result.id_token.sub
    }
  }
}

run "forged_token" {
  request "me" {
    url     = "${result.issuer}/oauth2/v1/userinfo"
    headers = { Authorization = "Bearer ${result.tokens.id_token}" }
    assert "refused" {
      condition = response.status == 401
    }
  }
}
