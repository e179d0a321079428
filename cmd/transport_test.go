package cmd

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := &url.URL{Scheme: "http", Host: "proxy.example.com:3128"}
	for _, test := range []struct {
		name, noProxy, target string
		want                  bool
	}{
		{"https", "", "https://login.example.com/x", true},
		{"plain http as well", "", "http://login.example.com/x", true},
		{"never localhost", "", "http://localhost:8080/x", false},
		{"never 127.0.0.1", "", "https://127.0.0.1/x", false},
		{"never another loopback address", "", "https://127.1.2.3/x", false},
		{"never ::1", "", "https://[::1]:8443/x", false},
		{"a name that begins with localhost", "", "https://localhost.example.com/", true},
		{"a host of NO_PROXY", "a.example.com,login.example.com", "https://login.example.com/", false},
		{"case aside", "LOGIN.example.com", "https://login.EXAMPLE.com/", false},
		{"what is below a host of NO_PROXY", "example.com", "https://login.example.com/", false},
		{"a leading dot", ".example.com", "https://login.example.com/", false},
		{"a leading star", "*.example.com", "https://login.example.com/", false},
		{"a host that only ends like it", "example.com", "https://notexample.com/", true},
		{"all", "*", "https://login.example.com/", false},
		{"with its port", "login.example.com:8443", "https://login.example.com:8443/", false},
		{"with another port", "login.example.com:8443", "https://login.example.com/", true},
		{"with the port of the scheme", "login.example.com:443", "https://login.example.com/", false},
		{"an address", "10.1.2.3", "https://10.1.2.3/", false},
		{"a network", "10.0.0.0/8", "https://10.1.2.3/", false},
		{"another network", "10.0.0.0/8", "https://11.1.2.3/", true},
		{"an address of IPv6", "2001:db8::1", "https://[2001:db8::1]/", false},
		{"blanks between entries", "a.example.com login.example.com", "https://login.example.com/", false},
		{"an empty entry", ",", "https://login.example.com/", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := &options{proxy: proxy, noProxy: test.noProxy}
			r := httptest.NewRequest(http.MethodGet, test.target, nil)
			got, err := o.proxyFor(r)
			require.NoError(t, err)
			require.Equal(t, test.want, got == proxy)
		})
	}
	got, err := (&options{}).proxyFor(httptest.NewRequest(http.MethodGet, "https://login.example.com", nil))
	require.NoError(t, err)
	require.Nil(t, got)
}

func TestCAFile(t *testing.T) {
	t.Parallel()
	server := mockidp.StartT(t, mockidp.Config{TLS: true})
	get := func(o *options) error {
		pem, err := o.caPEM()
		require.NoError(t, err)
		transport, err := o.transport(pem)
		require.NoError(t, err)
		defer transport.CloseIdleConnections()
		response, err := transport.RoundTrip(httptest.NewRequest(http.MethodGet, server.URL+"/.well-known/openid-configuration", nil))
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	require.ErrorContains(t, get(&options{}), "certificate")

	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, server.CAPEM(), 0o600))
	require.NoError(t, get(&options{caFile: file}))
}
