using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// The queues of a worker in groups, the most urgent group first: as long as it has jobs, later groups get nothing. The
/// queues of one group share the claims by their weights. Written as one entry a group: <c>critical</c>, or
/// <c>default:3, reports:1</c>.
/// </summary>
sealed class QueueGroups
{
    readonly Random _random;

    QueueGroups(IReadOnlyList<IReadOnlyList<Weighted>> groups, Random random)
    {
        _random = random;
        Names = [.. groups.SelectMany(group => group).Select(queue => queue.Queue)];
        Phases = [.. InPhases(groups)];
    }

    /// <summary>All queues, most urgent first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What one claim can serve: queues in strict order, then at most one group that shares.</summary>
    public IReadOnlyList<Phase> Phases { get; }

    /// <exception cref="FormatException">An entry is not one; the message says why.</exception>
    public static QueueGroups Parse(IEnumerable<string> entries, Random? random = null)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var groups = entries.Select(entry => (IReadOnlyList<Weighted>)[.. entry.Split(',').Select(ParseQueue).Where(queue => seen.Add(queue.Queue))])
            .Where(group => group.Count > 0).ToArray();
        return new(groups is [] ? [[new(QueueName.Default, 1)]] : groups, random ?? Random.Shared);
    }

    /// <summary>How a claim of so many jobs is shared in a phase. The shares add up to the whole, and over many claims they are
    /// exact, also when each is for one job.</summary>
    public QueueLimit[] Share(Phase phase, int count)
    {
        var place = _random.NextDouble();
        var before = 0.0;
        return
        [
            .. phase.Strict.Select(queue => new QueueLimit(queue, count)),
            .. phase.Sharing.Select(queue =>
            {
                var from = Math.Floor(before + place);
                before += (double)count * queue.Weight / phase.Weight;
                return new QueueLimit(queue.Queue, (int)(Math.Floor(Math.Round(before, 9) + place) - from));
            }),
        ];
    }

    static IEnumerable<Phase> InPhases(IReadOnlyList<IReadOnlyList<Weighted>> groups)
    {
        var strict = new List<string>();
        foreach (var group in groups)
        {
            if (group.Count == 1)
            {
                strict.Add(group[0].Queue);
                continue;
            }

            yield return new([.. strict], group);
            strict.Clear();
        }

        if (strict.Count > 0)
            yield return new(strict, []);
    }

    static Weighted ParseQueue(string text)
    {
        var parts = text.Split(':', 2, StringSplitOptions.TrimEntries);
        var weight = 1;
        if (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out weight) || weight is < 1 or > 1000))
            throw new FormatException($"'{parts[1]}' is not a weight: use a whole number from 1 to 1000, as in 'default:3, reports:1'");
        try
        {
            return new(QueueName.Require(parts[0]), weight);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message.Split(" (Parameter")[0], e);
        }
    }

    /// <summary>A queue that shares with others.</summary>
    public readonly record struct Weighted(string Queue, int Weight);

    /// <summary>Queues that one claim serves.</summary>
    public sealed record Phase(IReadOnlyList<string> Strict, IReadOnlyList<Weighted> Sharing)
    {
        public int Weight { get; } = Sharing.Sum(queue => queue.Weight);

        /// <summary>Claimed jobs in the order in which to start them: those of queues that share take turns, as often as their weights say.</summary>
        public IReadOnlyList<ClaimedJob> InTurn(IReadOnlyList<ClaimedJob> jobs)
        {
            if (Sharing.Count == 0 || jobs.Count < 2)
                return jobs;
            var weights = Sharing.ToDictionary(queue => queue.Queue, queue => queue.Weight, StringComparer.Ordinal);
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            return [.. jobs.OrderBy(job => weights.TryGetValue(job.Queue, out var weight)
                ? (double)(counts[job.Queue] = counts.GetValueOrDefault(job.Queue) + 1) / weight : 0)];
        }

        /// <summary>What to claim next, when the first claim was not full although a queue gave all of its share: the others had
        /// less to give.</summary>
        public QueueLimit[] Rest(QueueLimit[] shares, IReadOnlyList<ClaimedJob> claimed, int left)
        {
            if (left == 0 || Sharing.Count == 0)
                return [];
            var sharing = shares.AsSpan(Strict.Count).ToArray();
            return Array.Exists(sharing, share => claimed.Count(job => job.Queue == share.Queue) == share.Most)
                ? Array.ConvertAll(sharing, share => share with { Most = left })
                : [];
        }
    }
}
