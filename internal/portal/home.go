package portal

import (
	"fmt"
	"html/template"
	"net/http"

	"candor/internal/report"
	"candor/internal/service"
)

func homeRoutes() []route {
	return []route{
		{"GET /{$}", first},
		{"GET /t/{tenant}/{$}", home},
		{"GET /t/{tenant}/stream", stream},
	}
}

// first leads to the only tenant, or to the list of them.
func first(c *call) error {
	list, err := c.p.service.Tenants(c.r.Context(), c.who)
	if err != nil {
		return err
	}
	to := "/tenants"
	if len(list) == 1 {
		to = "/t/" + string(list[0].ID) + "/"
	}
	http.Redirect(c.w, c.r, to, http.StatusSeeOther)
	return errShown
}

// homePage is what the home page shows.
type homePage struct {
	Main template.HTML // the Result, as the report has it
	At   string        // when it was made
	None bool          // no sensor has sent anything yet
	Line line          // the sight of this minute
}

// home is the tenant's first page: three answers, where we can see, what is wrong, what was promised.
func home(c *call) error {
	page, err := c.homePage()
	if err != nil {
		return err
	}
	return c.show("home", "Home", page)
}

func (c *call) homePage() (*homePage, error) {
	v, err := c.p.service.Result(c.r.Context(), c.who, c.tenant(), c.sensor())
	if isNone(err) {
		return &homePage{None: true, Line: liveLine(nil, c.p.opts.Now())}, nil
	}
	if err != nil {
		return nil, err
	}
	parts, err := report.PartsOf(v.Result, report.Options{Command: command(c, v)})
	if err != nil {
		return nil, err
	}
	return &homePage{Main: parts.Main, At: v.At.UTC().Format("15:04:05"), Line: line{Words: "Waiting for the sensor to speak."}}, nil
}

// command makes the same Result on a command line.
func command(c *call, v *service.View) string {
	return fmt.Sprintf("candor check --hub http://%s --tenant %s --sensor %s", c.r.Host, c.tenant(), v.Result.Sensor)
}
