-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 Identifier = "$browser"
-- p2 String = ""
-- p3 String = "$$_posthog_breakdown_null_$$"
-- p4 UInt32 = 1
-- p5 String = "sign up"
-- p6 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p7 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    sum(figure) AS merged_figure
FROM (
    SELECT
        b0,
        figure,
        dense_rank() OVER (ORDER BY size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            figure,
            figure AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(CAST(e.properties.{p1:Identifier}, 'Nullable(String)'), 400), {p2:String}), {p3:String}) AS b0,
                count() AS figure
            FROM events AS e
            WHERE (e.project_id = {p4:UInt32})
                AND (e.event = {p5:String})
                AND (e.timestamp >= {p6:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p7:DateTime64(6, 'UTC')})
            GROUP BY b0
        ) AS counted
    ) AS sizes
) AS ranked
GROUP BY name0
