idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  assert "x" {
      condition     = result.issuer != ""
      error_message = "got ${result.tokens.access_token}"
    }
}
