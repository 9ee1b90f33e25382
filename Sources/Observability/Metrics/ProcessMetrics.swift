import Glibc

/// The `process_*` metrics that every Prometheus client library exports, read from `/proc` at each scrape.
///
/// A figure that cannot be read is left out.
package enum ProcessMetrics {
    package static func register(in registry: MetricRegistry) {
        registry.collect { families() }
    }

    package static func families() -> [MetricFamily] {
        var families = statFamilies()
        if let open = openDescriptors() {
            families.append(gauge("process_open_fds", "Number of open file descriptors.", Double(open)))
        }
        if let maximum = maximumDescriptors() {
            families.append(gauge("process_max_fds", "Maximum number of open file descriptors.", maximum))
        }
        return families
    }

    /// What stands in `/proc/self/stat` (proc(5)). The command's name, in parentheses, may hold anything: fields are counted
    /// from behind the last one.
    private static func statFamilies() -> [MetricFamily] {
        guard let stat = contents("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return [] }
        let fields = stat[stat.index(after: end)...].split(separator: " ").map(String.init)
        // fields[0] is the third of the manual page, the state.
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let startTicks = Double(fields[19]), let virtualBytes = Double(fields[20]), let pages = Double(fields[21])
        else { return [] }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        var families = [
            MetricFamily(
                name: "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.",
                kind: .counter, samples: [MetricFamily.Sample(value: (user + system) / ticks)]),
            gauge("process_resident_memory_bytes", "Resident memory size in bytes.", pages * pageSize),
            gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", virtualBytes),
        ]
        if let bootTime = bootTime() {
            families.append(
                gauge(
                    "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                    bootTime + startTicks / ticks))
        }
        return families
    }

    private static func bootTime() -> Double? {
        let line = contents("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Less `.`, `..` and the descriptor that reads the directory.
        return max(0, count - 3)
    }

    private static func maximumDescriptors() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    private static func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: .gauge, samples: [MetricFamily.Sample(value: value)])
    }

    /// Files of `/proc` have no size: read until their end.
    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
