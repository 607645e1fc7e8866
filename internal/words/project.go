package words

// Project is the repository of the action, which a workflow names.
const Project = "<OWNER>/strava-token"

// The pages that messages lead to.
const (
	StravaSettings = "https://www.strava.com/settings/api"
	GitHub         = "https://github.com"
)
