export const SAMPLE_QUERY = `# Departures from New York, month by month: the
# demo project "NYC flights 2013".
#
# 1. Enter your API key in the bar above
#    ("make run" prints one).
# 2. Press Ctrl-Enter, or the play button.
# 3. Change the variables below. By day:
#      "interval": "DAY"
#    One series per airline:
#      "breakdown": ["carrier"]

query Trend(
  $projectId: ID!
  $query: TrendQueryInput!
) {
  project(id: $projectId) {
    name
    timezone
    trend(query: $query) {
      days
      labels
      series {
        label
        data
        count
      }
    }
  }
}
`;

export const SAMPLE_VARIABLES = `{
  "projectId": "1",
  "query": {
    "events": [{ "event": "flight departed" }],
    "dateFrom": "2013-01-01",
    "dateTo": "2013-12-31",
    "interval": "MONTH"
  }
}
`;
