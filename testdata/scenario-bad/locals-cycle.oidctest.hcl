locals {
  a = local.b
  b = local.c
  c = local.a
}
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {}
