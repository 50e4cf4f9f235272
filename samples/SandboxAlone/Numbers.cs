namespace SandboxAlone;

/// <summary>What runs in the sandboxes.</summary>
public static class Numbers
{
    static readonly List<byte[]> Hoarded = [];
    static int s_counter;

    public static int CountPrimes(int below)
    {
        var composite = new bool[below];
        var count = 0;
        for (long i = 2; i < below; i++)
        {
            if (composite[i])
                continue;
            count++;
            for (var multiple = i * i; multiple < below; multiple += i)
                composite[multiple] = true;
        }

        return count;
    }

    public static void Nothing()
    {
    }

    public static void LoopForEver()
    {
        while (true)
            Volatile.Write(ref s_counter, s_counter + 1);
    }

    public static int Recurse(int depth) => depth < 0 ? 0 : Recurse(depth + 1) + Recurse(depth + 2);

    public static void Hoard()
    {
        while (true)
            Hoarded.Add(new byte[1 << 20]);
    }
}
