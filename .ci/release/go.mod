// The programs that make a release. A module of their own, so that what only a
// release needs is no dependency of what is released.
module strava-token/release

go 1.26.0

require golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d
