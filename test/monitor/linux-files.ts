/** Files of a Linux machine as a program reads them there: two CPUs, 8 GiB, one network card, a bridge to containers. */
export const MACHINE: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '0::/user.slice/user-1000.slice/session-3.scope\n',
  '/proc/self/status': 'Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n',
  '/proc/stat': [
    'cpu  300 0 100 1500 100 0 0 0 0 0',
    'cpu0 200 0 50 700 50 0 0 0 0 0',
    'cpu1 100 0 50 800 50 0 0 0 40 0',
    'intr 1 2 3',
    '',
  ].join('\n'),
  '/proc/meminfo': 'MemTotal:        8388608 kB\nMemFree:          524288 kB\nMemAvailable:    6291456 kB\n',
  '/proc/diskstats': [
    '   7       0 loop0 1 1 1 1 1 1 1 1 1 1 1',
    ' 259       0 nvme0n1 900 10 40000 200 800 20 60000 300 0 400 500',
    ' 259       2 nvme0n1p2 800 9 1000 190 700 19 3000 290 0 390 480 0 0 0 0',
    ' 253       1 dm-1 5 5 5 5 5 5 5 5 5 5 5',
    '',
  ].join('\n'),
  '/proc/net/route': [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '',
  ].join('\n'),
  '/proc/net/ipv6_route': [
    '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     wlan0',
    '00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo',
    '',
  ].join('\n'),
  '/proc/net/dev': [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo: 900000 10 0 0 0 0 0 0 900000 10 0 0 0 0 0 0',
    '  eth0:1000 10 0 0 0 0 0 0 400 5 0 0 0 0 0 0',
    ' wlan0:  200 2 0 0 0 0 0 0 30 1 0 0 0 0 0 0',
    'docker0: 7000 9 0 0 0 0 0 0 8000 9 0 0 0 0 0 0',
    '',
  ].join('\n'),
}

/** The number (`st_dev`) of the device 259:2. */
export const NVME_PARTITION = (259 << 8) | 2

/** A service of systemd with `MemoryMax=1G` in a slice with `CPUQuota=150%`, version 2. */
export const SERVICE: Readonly<Record<string, string>> = {
  ...MACHINE,
  '/proc/self/cgroup': '0::/hkq.slice/hkq-record.service\n',
  '/sys/fs/cgroup/hkq.slice/hkq-record.service/memory.max': '1073741824\n',
  '/sys/fs/cgroup/hkq.slice/hkq-record.service/memory.current': '314572800\n',
  '/sys/fs/cgroup/hkq.slice/hkq-record.service/memory.stat':
    'anon 104857600\nfile 209715200\ninactive_file 104857600\n',
  '/sys/fs/cgroup/hkq.slice/hkq-record.service/cpu.max': 'max 100000\n',
  '/sys/fs/cgroup/hkq.slice/hkq-record.service/cpu.stat': 'usage_usec 1000000\nuser_usec 1\nsystem_usec 1\n',
  '/sys/fs/cgroup/hkq.slice/memory.max': 'max\n',
  '/sys/fs/cgroup/hkq.slice/memory.current': '999999999\n',
  '/sys/fs/cgroup/hkq.slice/cpu.max': '150000 100000\n',
  '/sys/fs/cgroup/hkq.slice/cpu.stat': 'usage_usec 6000000\nuser_usec 1\nsystem_usec 1\n',
}

/** A container of version 2 with a namespace of its own: its group is the root it sees. `docker run -m 512m --cpus 0.5` */
export const CONTAINER: Readonly<Record<string, string>> = {
  ...MACHINE,
  '/proc/self/cgroup': '0::/\n',
  '/sys/fs/cgroup/memory.max': '536870912\n',
  '/sys/fs/cgroup/memory.current': '104857600\n',
  '/sys/fs/cgroup/memory.stat': 'inactive_file 4194304\n',
  '/sys/fs/cgroup/cpu.max': '50000 100000\n',
  '/sys/fs/cgroup/cpu.stat': 'usage_usec 2500000\n',
}

/** A container of version 1, which sees the path it has on its host and its own group as the root. */
export const OLD_CONTAINER: Readonly<Record<string, string>> = {
  ...MACHINE,
  '/proc/self/cgroup': [
    '11:memory:/docker/8f1c',
    '4:cpu,cpuacct:/docker/8f1c',
    '1:name=systemd:/docker/8f1c',
    '0::/system.slice/containerd.service',
    '',
  ].join('\n'),
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': '134217728\n',
  '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 33554432\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/cpuacct/cpuacct.usage': '3000000000\n',
}

/** Version 1 without limits: what it says then. */
export const OLD_UNLIMITED: Readonly<Record<string, string>> = {
  ...OLD_CONTAINER,
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
}
