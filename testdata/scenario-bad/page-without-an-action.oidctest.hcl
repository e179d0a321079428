page "terms" {
  when {
    head = ["terms"]
  }
}
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {}
