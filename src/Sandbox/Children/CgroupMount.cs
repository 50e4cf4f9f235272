namespace JobRunner.Sandbox;

/// <summary>Where this process is in cgroup v2.</summary>
/// <param name="Top">Where the hierarchy, or what this process sees of it, is mounted.</param>
/// <param name="Own">This process's own group.</param>
sealed record CgroupMount(string Top, string Own)
{
    /// <summary>Where groups for sandboxes may be made: beside this process's own group; in that only if it is the root, for other
    /// groups with processes in them cannot have groups below them. Slices are systemd's, which never gives them away.</summary>
    public IEnumerable<string> Candidates
    {
        get
        {
            if (Own == Top)
                yield return Own;
            else if (Path.GetDirectoryName(Own) is { } parent)
                yield return parent.EndsWith(".slice", StringComparison.Ordinal) ? Own : parent;
        }
    }

    /// <summary>Null when there is none.</summary>
    public static CgroupMount? Find()
    {
        try
        {
            var path = File.ReadLines("/proc/self/cgroup").FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[3..];
            var mount = File.ReadLines("/proc/self/mountinfo").FirstOrDefault(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal));
            return path is null || mount?.Split(' ') is not [_, _, _, var root, var top, ..] ? null : Of(path, root, top);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>From the path that the kernel tells, the part of the hierarchy that is mounted, and where that is.</summary>
    public static CgroupMount? Of(string path, string root, string top)
    {
        var below = root == "/" ? path : path == root ? "/" : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : null;
        return below is null || below.Contains("/..", StringComparison.Ordinal) ? null : new(top, below == "/" ? top : top + below);
    }
}
