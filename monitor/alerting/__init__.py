"""When sightings deserve an alert, who hears of it, and what it says."""
