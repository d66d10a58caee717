// The functions that a proxy script may call, as the format of 1996 lists them. `lookUp(name)` gives an
// IPv4 address or null, `ownAddress` is this computer's.
function isPlainHostName(host) { return String(host).indexOf(".") < 0; }
function dnsDomainIs(host, domain) {
  host = String(host).toLowerCase(); domain = String(domain).toLowerCase();
  return host.length >= domain.length && host.substring(host.length - domain.length) === domain;
}
function localHostOrDomainIs(host, full) {
  host = String(host).toLowerCase(); full = String(full).toLowerCase();
  return host === full || (isPlainHostName(host) && full.split(".")[0] === host);
}
function dnsDomainLevels(host) { return String(host).split(".").length - 1; }
function dnsResolve(host) { return lookUp(String(host)); }
function isResolvable(host) { return dnsResolve(host) !== null; }
function myIpAddress() { return ownAddress; }
function convert_addr(address) {
  var parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(String(address));
  return parts ? ((parts[1] << 24) | (parts[2] << 16) | (parts[3] << 8) | parts[4]) >>> 0 : 0;
}
function isInNet(host, pattern, mask) {
  var address = /^[\d.]+$/.test(String(host)) ? String(host) : dnsResolve(host);
  if (address === null) return false;
  var bits = convert_addr(mask);
  return ((convert_addr(address) & bits) >>> 0) === ((convert_addr(pattern) & bits) >>> 0);
}
function shExpMatch(text, pattern) {
  // Each star is tried from the left, and only the last one is tried again: no pattern is slow.
  text = String(text); pattern = String(pattern);
  var at = 0, in_ = 0, star = -1, from = 0;
  while (at < text.length) {
    if (in_ < pattern.length && pattern[in_] === "*") { star = in_++; from = at; }
    else if (in_ < pattern.length && (pattern[in_] === "?" || pattern[in_] === text[at])) { in_++; at++; }
    else if (star >= 0) { in_ = star + 1; at = ++from; }
    else return false;
  }
  while (in_ < pattern.length && pattern[in_] === "*") in_++;
  return in_ === pattern.length;
}
function alert() {}
var DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
var MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
function timesOf(given) {
  var list = Array.prototype.slice.call(given), utc = list[list.length - 1] === "GMT", now = new Date();
  if (utc) list.pop();
  return { list: list, get: function (what) { return now["get" + (utc ? "UTC" : "") + what](); } };
}
function within(first, now, last) { return first <= last ? first <= now && now <= last : now >= first || now <= last; }
function weekdayRange() {
  var times = timesOf(arguments), list = times.list;
  var first = DAYS.indexOf(list[0]), last = list.length > 1 ? DAYS.indexOf(list[1]) : first;
  return first >= 0 && last >= 0 && within(first, times.get("Day"), last);
}
function timeRange() {
  var times = timesOf(arguments), list = times.list, half = list.length / 2;
  var now = (times.get("Hours") * 60 + times.get("Minutes")) * 60 + times.get("Seconds");
  if (list.length === 1) return times.get("Hours") === +list[0];
  function seconds(from) { return (+list[from] * 60 + (half > 1 ? +list[from + 1] : 0)) * 60 + (half > 2 ? +list[from + 2] : 0); }
  return within(seconds(0), now, seconds(half) - (half > 2 ? 0 : 1));
}
function dateRange() {
  var times = timesOf(arguments), list = times.list;
  function part(value) {
    if (MONTHS.indexOf(value) >= 0) return ["month", MONTHS.indexOf(value)];
    return +value > 31 ? ["year", +value] : ["day", +value];
  }
  var now = { day: times.get("Date"), month: times.get("Month"), year: times.get("FullYear") };
  var parts = list.map(part), order = ["year", "month", "day"];
  if (parts.length === 1) return now[parts[0][0]] === parts[0][1];
  function number(from, to) {
    var given = {}, told = 0, here = 0;
    parts.slice(from, to).forEach(function (one) { given[one[0]] = one[1]; });
    order.forEach(function (name) {
      if (name in given) { told = told * 400 + given[name]; here = here * 400 + now[name]; }
    });
    return [told, here];
  }
  var half = parts.length / 2, first = number(0, half), last = number(half, parts.length);
  return within(first[0], first[1], last[0]);
}
