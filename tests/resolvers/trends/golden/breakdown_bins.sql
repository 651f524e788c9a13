-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "price"
-- p3 UInt32 = 1
-- p4 String = "sign up"
-- p5 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p6 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p7 String = "["
-- p8 String = ","
-- p9 String = "]"
-- p10 String = ""
-- p11 String = "UTC"
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
                ifNull(nullIf(leftUTF8(if(isNull(tupleElement(tuple((coalesce(e.properties.{p2:Identifier}.:Float64, CAST(e.properties.{p2:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p2:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p2:Identifier}.:String), NULL)) AS value0), (((tupleElement((
                    SELECT
                        tuple(min(coalesce(e.properties.{p2:Identifier}.:Float64, CAST(e.properties.{p2:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p2:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p2:Identifier}.:String), NULL))), max(coalesce(e.properties.{p2:Identifier}.:Float64, CAST(e.properties.{p2:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p2:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p2:Identifier}.:String), NULL)))) AS extremes
                    FROM events AS e
                    WHERE (e.project_id = {p3:UInt32})
                        AND (e.event = {p4:String})
                        AND (e.timestamp >= {p5:DateTime64(6, 'UTC')})
                        AND (e.timestamp <= {p6:DateTime64(6, 'UTC')})
                ), 2) - (tupleElement((
                    SELECT
                        tuple(min(coalesce(e.properties.{p2:Identifier}.:Float64, CAST(e.properties.{p2:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p2:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p2:Identifier}.:String), NULL))), max(coalesce(e.properties.{p2:Identifier}.:Float64, CAST(e.properties.{p2:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p2:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p2:Identifier}.:String), NULL)))) AS extremes
                    FROM events AS e
                    WHERE (e.project_id = {p3:UInt32})
                        AND (e.event = {p4:String})
                        AND (e.timestamp >= {p5:DateTime64(6, 'UTC')})
                        AND (e.timestamp <= {p6:DateTime64(6, 'UTC')})
                ), 1) AS least0)) / 4) AS width0), (if((width0 = 0), 3, least(floor(((value0 - least0) / width0)), 3)) AS bin0)), 1)), NULL, concat({p7:String}, toString((least0 + (bin0 * width0))), {p8:String}, toString(((least0 + ((bin0 + 1) * width0)) + if((bin0 = 3), 0.01, 0))), {p9:String})), 400), {p10:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p11:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            WHERE (e.project_id = {p3:UInt32})
                AND (e.event = {p4:String})
                AND (e.timestamp >= {p5:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p6:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
