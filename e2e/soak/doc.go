//go:build linux

// Command soak signs in many times on Okta's widget, by each driver and on each generation, at every screen of package
// screens, several at once in one browser, while the network delays answers, lets them pass one another, and has some of
// them given twice. Each sign-in has to end as the table says; nothing may be left behind, and memory may not grow.
//
// What the network does follows from a seed that is printed: the same seed has the same sign-ins in the same weather. The
// command is for Linux, which tells whose processes are whose.
package main
