issuer = "https://login.elsewhere.example.com"
client "web" {
  redirect_uri = "https://app.example.com/callback"
}
user "alice" {
  password = "correct horse battery staple"
}
run "signs_in" {
  sign_in = "form"
}
