-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "$browser"
-- p3 String = ""
-- p4 String = "UTC"
-- p5 Identifier = "price"
-- p6 UInt32 = 1
-- p7 String = "paid"
-- p8 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p9 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    tupleElement(maxMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(maxMap(buckets, figures), 2) AS merged_figures
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
                ifNull(nullIf(leftUTF8(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), 400), {p3:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p4:String})) - 18270) AS bucket,
                ifNull(max(coalesce(e.properties.{p5:Identifier}.:Float64, CAST(e.properties.{p5:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p5:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p5:Identifier}.:String), NULL))), 0) AS figure
            FROM events AS e
            WHERE (e.project_id = {p6:UInt32})
                AND (e.event = {p7:String})
                AND (e.timestamp >= {p8:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p9:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
