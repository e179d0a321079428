# An app, a group of test users and the policies under which oidcflow can sign them in, in an org with Okta's Identity
# Engine. .github/OKTA.md does the same by hand, and says why each setting is as it is.
#
#   export OKTA_ORG_NAME=dev-123456 OKTA_BASE_URL=okta.com OKTA_API_TOKEN=…
#   terraform apply -var org_url=https://dev-123456.okta.com -var redirect_uri=https://app.example.com/callback
#
# The authenticator that var.factor names has to be in the org: Security > Authenticators > Setup > Add authenticator.
# Passwords and the client's secret are in Terraform's state: keep it where only the pipeline's administrators read it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    okta = {
      source  = "okta/okta"
      version = "~> 7.0"
    }
  }
}
