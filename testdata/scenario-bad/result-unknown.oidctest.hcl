idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  assert "x" {
      condition = result.id_tokn.sub != ""
    }
}
