namespace JobRunner.Postgres;

/// <summary>Long texts are cut where they are stored, and say how long they are: see <see cref="Storage.CutText"/>. The most characters are an SQL
/// expression; null for all.</summary>
static class CutSql
{
    /// <summary>A text.</summary>
    public static string Text(string text, string longest) => $"""
        case when octet_length({text}) > {longest} and length({text}) > {longest}
             then left({text}, {longest}) || E'\n… ' || length({text}) || ' characters in all' else {text} end
        """;

    /// <summary>The values of an object, however they are nested: what is too long becomes a text.</summary>
    public static string Values(string json, string longest) => $"""
        case when {longest} is null or jsonb_typeof({json}) is distinct from 'object' then {json} else (
            select jsonb_object_agg(e.key, {Element("e.value", longest)}) from jsonb_each({json}) e) end
        """;

    /// <summary>The elements of an array.</summary>
    public static string Elements(string json, string longest) => $"""
        case when {longest} is null or jsonb_typeof({json}) is distinct from 'array' or jsonb_array_length({json}) = 0 then {json} else (
            select jsonb_agg({Element("e.value", longest)} order by e.ord) from jsonb_array_elements({json}) with ordinality e(value, ord)) end
        """;

    static string Element(string value, string longest) => $$"""
        case when octet_length({{value}} #>> '{}') > {{longest}} then to_jsonb({{Text($$"""({{value}} #>> '{}')""", longest)}}) else {{value}} end
        """;
}
