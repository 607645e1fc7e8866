package words

// The pages that messages lead to.
const (
	StravaSettings = "https://www.strava.com/settings/api"
	GitHub         = "https://github.com"
)
