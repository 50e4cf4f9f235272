namespace JobRunner.Jobs.Tests.Cron;

public class CronParsingTests
{
    [Theory]
    [InlineData("61 * * * *", "'61' in the minutes field (field 1 of 5) is outside 0-59.")]
    [InlineData("60 * * * * *", "'60' in the seconds field (field 1 of 6) is outside 0-59.")]
    [InlineData("* 24 * * *", "'24' in the hours field (field 2 of 5) is outside 0-23.")]
    [InlineData("* * 32 * *", "'32' in the day-of-month field (field 3 of 5) is outside 1-31.")]
    [InlineData("* * 0 * *", "'0' in the day-of-month field (field 3 of 5) is outside 1-31.")]
    [InlineData("* * * 13 *", "'13' in the month field (field 4 of 5) is outside 1-12 or JAN-DEC.")]
    [InlineData("* * * * * 8", "'8' in the day-of-week field (field 6 of 6) is outside 0-7 or SUN-SAT.")]
    [InlineData("5,61 * * * *", "'61' at character 3 of '5,61' in the minutes field (field 1 of 5) is outside 0-59.")]
    [InlineData("007 * * * *", "'007' in the minutes field (field 1 of 5) has more than two digits: write 0-59.")]
    [InlineData("* * * JAN-FOO *", "'FOO' at character 5 of 'JAN-FOO' in the month field (field 4 of 5) is not a value: write 1-12 or JAN-DEC.")]
    [InlineData("5, * * * *", "'5,' in the minutes field (field 1 of 5) ends too early: write 0-59.")]
    [InlineData("5- * * * *", "'5-' in the minutes field (field 1 of 5) ends too early: write 0-59.")]
    [InlineData("5/ * * * *", "'5/' in the minutes field (field 1 of 5) ends too early: write 1-59 (the steps of this field).")]
    [InlineData("5,,6 * * * *", "',' at character 3 of '5,,6' in the minutes field (field 1 of 5) is not a value: write 0-59.")]
    [InlineData("*/0 * * * *", "'0' at character 3 of '*/0' in the minutes field (field 1 of 5) is outside 1-59 (the steps of this field).")]
    [InlineData("*/x * * * *", "'x' at character 3 of '*/x' in the minutes field (field 1 of 5) is not a number: write 1-59 (the steps of this field).")]
    [InlineData("* * * * MON#6", "'6' at character 5 of 'MON#6' in the day-of-week field (field 5 of 5) is outside 1-5 (which one of the month).")]
    [InlineData("* * L-31 * *", "'31' at character 3 of 'L-31' in the day-of-month field (field 3 of 5) is outside 0-30 (the days before the last one).")]
    public void A_mistake_is_told_with_its_place_and_what_to_write(string expression, string message) => MessageOf(expression).ShouldBe(message);

    [Theory]
    [InlineData("*,5 * * * *", "',5' at character 2 of '*,5' in the minutes field (field 1 of 5) does not belong there: write *, values of 0-59, ")]
    [InlineData("* * L,15 * *", "',15' at character 2 of 'L,15' in the day-of-month field (field 3 of 5) does not belong there: ")]
    [InlineData("* * 1-5W * *", "'W' at character 4 of '1-5W' in the day-of-month field (field 3 of 5) does not belong there: ")]
    [InlineData("* * * * MONDAY", "'DAY' at character 4 of 'MONDAY' in the day-of-week field (field 5 of 5) does not belong there: ")]
    [InlineData("* * * * MON,FRIL", "'L' at character 8 of 'MON,FRIL' in the day-of-week field (field 5 of 5) does not belong there: ")]
    [InlineData("H * * * *", "'H' in the minutes field (field 1 of 5) asks for jitter, which is not supported ")]
    [InlineData("* H(0-3) * * *", "'H' at character 1 of 'H(0-3)' in the hours field (field 2 of 5) asks for jitter, ")]
    [InlineData("", "'' has 0 fields: write five ")]
    [InlineData("* * * *", "'* * * *' has 4 fields: write five ")]
    [InlineData("* * * * * * *", "'* * * * * * *' has 7 fields: write five ")]
    [InlineData("@dayly", "'@dayly' is not a macro: write @every_second, ")]
    public void Other_mistakes_are_told_at_greater_length(string expression, string start) => MessageOf(expression).ShouldStartWith(start);

    [Theory]
    [InlineData("*\n* * * *")]
    [InlineData("1.5 * * * *")]
    [InlineData("-5 * * * *")]
    [InlineData("1-5-7 * * * *")]
    [InlineData("1/2/3 * * * *")]
    [InlineData("* * 15,L * *")]
    [InlineData("* * W * *")]
    [InlineData("* * L-W * *")]
    [InlineData("* * WL * *")]
    [InlineData("* * * L *")]
    [InlineData("* * * * L")]
    [InlineData("* * * * #1")]
    [InlineData("* * * * 1#0")]
    [InlineData("* * * * 1#2,3")]
    [InlineData("JAN * * * *")]
    [InlineData("@daily @daily")]
    [InlineData("@ daily")]
    [InlineData("@daily *")]
    public void What_is_no_expression_is_refused(string expression)
    {
        CronExpression.TryParse(expression, out var cron).ShouldBeFalse();
        cron.ShouldBeNull();
        Should.Throw<FormatException>(() => CronExpression.Parse(expression));
    }

    [Fact]
    public void Nothing_is_refused_too()
    {
        CronExpression.TryParse(null, out _).ShouldBeFalse();
        Should.Throw<ArgumentNullException>(() => CronExpression.Parse(null!));
    }

    [Theory]
    [InlineData("  */5\t*  * * *\t", "*/5\t*  * * *")]
    [InlineData("\t@Daily ", "@Daily")]
    public void An_expression_is_shown_as_it_was_written(string text, string shown)
    {
        CronExpression.TryParse(text, out var cron).ShouldBeTrue();
        cron.ToString().ShouldBe(shown);
    }

    static string MessageOf(string expression) => Should.Throw<FormatException>(() => CronExpression.Parse(expression)).Message;
}
