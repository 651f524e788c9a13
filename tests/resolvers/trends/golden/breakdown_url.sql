-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "$current_url"
-- p3 String = "[/?#]+$"
-- p4 String = ""
-- p5 String = "/"
-- p6 String = "UTC"
-- p7 UInt32 = 1
-- p8 String = "sign up"
-- p9 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p10 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    tupleElement(sumMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(sumMap(buckets, figures), 2) AS merged_figures
FROM (
    SELECT
        b0,
        buckets,
        figures,
        dense_rank() OVER (ORDER BY (b0 = {p1:String}), size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            groupArray(bucket) AS buckets,
            groupArray(figure) AS figures,
            sum(figure) AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(if((replaceRegexpOne(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), {p3:String}, {p4:String}) = {p4:String}), {p5:String}, replaceRegexpOne(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), {p3:String}, {p4:String})), 400), {p4:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p6:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            WHERE (e.project_id = {p7:UInt32})
                AND (e.event = {p8:String})
                AND (e.timestamp >= {p9:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p10:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
