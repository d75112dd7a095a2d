# Sends ICMP echo requests to one address (RFC 792, RFC 4443 section 4) and prints what came back, as one line of JSON:
# {"sent":2,"times":[0.031,0.040]}, times in milliseconds, or {"unreachable":true} where the kernel has no way there.
#
# echo.pl ADDRESS COUNT WAIT_MS
#
# Perl, since Node has no raw sockets; perl-base is on every Debian (Essential). It needs CAP_NET_RAW and nothing else.
use strict;
use warnings;
use Errno qw(ENETUNREACH EHOSTUNREACH EADDRNOTAVAIL EACCES EINVAL EINTR);
use POSIX ();
use Socket qw(AF_INET AF_INET6 SOCK_RAW inet_pton pack_sockaddr_in pack_sockaddr_in6 sockaddr_family
    unpack_sockaddr_in unpack_sockaddr_in6);

use constant { IPPROTO_ICMP => 1, IPPROTO_ICMPV6 => 58, CLOCK_MONOTONIC => 1 };
use constant { REQUEST => 8, REPLY => 0, REQUEST_6 => 128, REPLY_6 => 129 };
use constant { PAUSE_SECONDS => 0.2, TOKEN_BYTES => 16, LARGEST_PACKET => 65_536 };

# clock_gettime(2) by its number: Time::HiRes is not in perl-base.
my %CLOCK_GETTIME = (x86_64 => 228, aarch64 => 113);
my $clock_gettime = $CLOCK_GETTIME{ (POSIX::uname())[4] } // die "Cannot tell the time on this machine\n";

sub now_ms {
    my $time = pack 'q2', 0, 0;
    syscall($clock_gettime, CLOCK_MONOTONIC, $time) == 0 or die "Cannot tell the time: $!\n";
    my ($seconds, $nanoseconds) = unpack 'q2', $time;
    return $seconds * 1e3 + $nanoseconds / 1e6;
}

# The Internet checksum (RFC 1071).
sub checksum {
    my ($bytes) = @_;
    my $sum = 0;
    $sum += $_ for unpack 'n*', $bytes . "\0" x (length($bytes) % 2);
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}

# Of ICMPv6 the kernel fills the checksum in (RFC 3542 section 3.1).
sub echo_request {
    my ($is_6, $number, $token) = @_;
    return pack('CCnnn', REQUEST_6, 0, 0, $$ & 0xffff, $number) . $token if $is_6;
    my $packet = pack('CCnnn', REQUEST, 0, 0, $$ & 0xffff, $number) . $token;
    substr($packet, 2, 2) = pack 'n', checksum($packet);
    return $packet;
}

# Whether a packet answers the request: a raw socket hears everybody's.
sub answers {
    my ($is_6, $packet, $number, $token) = @_;
    # Of IPv4 the header comes with it, its length in words in the low half of the first byte.
    $packet = substr $packet, 4 * (ord($packet) & 0x0f) unless $is_6;
    return 0 if length($packet) < 8;
    my ($type, $code, undef, $id, $got) = unpack 'CCnnn', $packet;
    return $type == ($is_6 ? REPLY_6 : REPLY) && $code == 0 && $id == ($$ & 0xffff) && $got == $number
        && substr($packet, 8) eq $token;
}

sub sender {
    my ($from) = @_;
    return (sockaddr_family($from) == AF_INET6 ? unpack_sockaddr_in6($from) : unpack_sockaddr_in($from))[1];
}

# Waits for the answer until a deadline. Returns its time, or undef.
sub hear {
    my ($socket, $is_6, $address, $number, $token, $until) = @_;
    for (;;) {
        my $left = $until - now_ms();
        return undef if $left <= 0;
        my $readable = '';
        vec($readable, fileno($socket), 1) = 1;
        my $count = select $readable, undef, undef, $left / 1e3;
        next if $count < 0 && $!{EINTR};
        return undef if $count <= 0;
        my $from = recv($socket, my $packet, LARGEST_PACKET, 0) // die "Cannot hear an echo: $!\n";
        my $at = now_ms();
        return $at if sender($from) eq $address && answers($is_6, $packet, $number, $token);
    }
}

my ($text, $count, $wait_ms) = @ARGV;
my $is_6 = index($text, ':') >= 0;
my $address = inet_pton($is_6 ? AF_INET6 : AF_INET, $text) // die "Cannot read the address\n";
my $to = $is_6 ? pack_sockaddr_in6(0, $address) : pack_sockaddr_in(0, $address);
socket(my $socket, $is_6 ? AF_INET6 : AF_INET, SOCK_RAW, $is_6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)
    or die "Cannot make a raw socket: $!\n";
open my $random, '<:raw', '/dev/urandom' or die "Cannot read /dev/urandom: $!\n";

my @times;
for my $number (1 .. $count) {
    select undef, undef, undef, PAUSE_SECONDS if $number > 1;
    read($random, my $token, TOKEN_BYTES) == TOKEN_BYTES or die "Cannot read /dev/urandom\n";
    my $begin = now_ms();
    if (!defined send $socket, echo_request($is_6, $number, $token), 0, $to) {
        die "Cannot send an echo request: $!\n"
            unless $!{ENETUNREACH} || $!{EHOSTUNREACH} || $!{EADDRNOTAVAIL} || $!{EACCES} || $!{EINVAL};
        print qq({"unreachable":true}\n);
        exit 0;
    }
    my $at = hear($socket, $is_6, $address, $number, $token, $begin + $wait_ms);
    push @times, sprintf '%.3f', $at - $begin if defined $at;
}
printf qq({"sent":%d,"times":[%s]}\n), $count, join ',', @times;
