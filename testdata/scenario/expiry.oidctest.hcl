# Time. advance moves the clock of the provider, and with it that of all who sign in: nobody waits.
idp {
  server "default" {
    access_token_ttl  = "10m"
    refresh_token_ttl = "24h"
  }
  user "alice" {
    password = "correct horse battery staple"
  }
}

client "web" {
  server = "default"
  scopes = ["openid", "offline_access"]
}

run "signs_in" {
  assert "ten_minutes" {
    condition = result.access_token.exp - result.access_token.iat == 600
  }
}

run "five_minutes_later" {
  sign_in = "none"
  advance = "5m"

  request "userinfo" {
    url     = "${run.signs_in.issuer}/v1/userinfo"
    headers = { Authorization = "Bearer ${run.signs_in.tokens.access_token}" }
    assert "still_good" {
      condition = response.status == 200
    }
  }
}

run "an_hour_later" {
  sign_in = "none"
  advance = "55m"

  request "userinfo" {
    url     = "${run.signs_in.issuer}/v1/userinfo"
    headers = { Authorization = "Bearer ${run.signs_in.tokens.access_token}" }
    assert "expired" {
      condition     = response.status == 401
      error_message = "userinfo answers ${response.status} to a token that has expired"
    }
  }
}

run "refreshes_in_time" {
  advance       = "20h"
  refresh_token = run.signs_in.tokens.refresh_token
  assert "issued_now" {
    condition = result.access_token.iat >= run.signs_in.access_token.iat + 20 * 3600
  }
}

run "refreshes_too_late" {
  advance       = "48h"
  refresh_token = run.refreshes_in_time.tokens.refresh_token
  expect_error {
    code = "refresh.invalid_grant"
  }
}
