// What starts the widget on the hosted page: OktaLogin on the default pages, OktaUtil on a customised one.
(function () {
  function config(signIn, page) {
    var next = window.oktaData ? window.oktaData.redirectUri : window.fromUri;
    return Object.assign({}, signIn, {
      brandName: document.title.split(' - ')[0],
      language: 'en',
      cspNonce: window.cspNonce,
      assets: {baseUrl: page.assets},
      username: page.username || undefined,
      useClassicEngine: page.useClassicEngine,
      idpDiscovery: {requestContext: next},
      consent: {cancel: function () { window.location.href = next; }},
      features: Object.assign({router: true, rememberMe: true, deviceFingerprinting: page.deviceFingerprinting}, page.features)
    });
  }
  window.OktaLogin = {
    initLoginPage: function (page) {
      var widget = new OktaSignIn(config(page.signIn, page.page));
      widget.renderEl({el: page.signIn.el}, window.OktaUtil.completeLogin, function (error) {
        console.log(error.message, error);
      });
    }
  };
  window.OktaUtil = {
    getSignInWidgetConfig: function () { return config(window.oktaData.signIn, window.oktaData.page); },
    completeLogin: function (result) {
      if (result.status === 'SUCCESS' && result.stepUp) {
        result.stepUp.finish();
      } else if (result.status === 'SUCCESS' && result.session) {
        result.session.setCookieAndRedirect(window.oktaData ? window.oktaData.redirectUri : window.fromUri);
      }
    }
  };
})();
