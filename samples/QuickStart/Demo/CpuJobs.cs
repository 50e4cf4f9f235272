using JobRunner;

namespace QuickStart.Demo;

/// <summary>Jobs that keep a processor busy: synchronous, so each runs in a sandbox.</summary>
public static class CpuJobs
{
    /// <summary>Renders a part of the Mandelbrot set, 800 by 600 pixels, as a data URL: the job's page shows it.</summary>
    public static string Render(double centerX, double centerY, double width, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        const int columns = 800, rows = 600;
        var pixels = new byte[columns * rows];
        for (var row = 0; row < rows; row++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            for (var column = 0; column < columns; column++)
            {
                var x = centerX + (width * ((column / (double)columns) - 0.5));
                var y = centerY + (width * ((row - (rows / 2.0)) / columns));
                pixels[(row * columns) + column] = Iterations(x, y);
            }

            if (row % 20 == 0)
                context.ReportProgress(row / (double)rows, $"row {row} of {rows}");
        }

        context.ReportProgress(1, "encoding");
        return "data:image/png;base64," + Convert.ToBase64String(Png.Encode(pixels, columns, rows));
    }

    /// <summary>Counts the primes below a number.</summary>
    public static int CountPrimes(int below)
    {
        var composite = new bool[below];
        var count = 0;
        for (var n = 2; n < below; n++)
        {
            if (composite[n])
                continue;
            count++;
            for (var multiple = (long)n * n; multiple < below; multiple += n)
                composite[multiple] = true;
        }

        return count;
    }

    // How many steps a point needs to escape, as a colour: 0 for points that never do.
    static byte Iterations(double x, double y)
    {
        double re = 0, im = 0;
        for (var step = 1; step <= 1020; step++)
        {
            (re, im) = ((re * re) - (im * im) + x, (2 * re * im) + y);
            if ((re * re) + (im * im) > 4)
                return (byte)(1 + (step % 255));
        }

        return 0;
    }
}
