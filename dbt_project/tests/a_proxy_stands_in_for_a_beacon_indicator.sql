select proxy.indicator_code, proxy.is_proxy, proxy.proxy_for, proxy.proxy_note
from {{ ref("dim_indicator") }} as proxy
left join {{ ref("dim_indicator") }} as beacon on proxy.proxy_for = beacon.indicator_code
where
    proxy.is_proxy <> (proxy.proxy_for is not null)
    or proxy.is_proxy <> (proxy.proxy_note is not null)
    or (proxy.is_proxy and beacon.beacon_no is null)
