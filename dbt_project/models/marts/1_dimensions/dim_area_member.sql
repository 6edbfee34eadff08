select member.group_code, member.member_code, member.group_type
from {{ ref("int_area_group_member") }} as member
inner join {{ ref("dim_area") }} as area on member.member_code = area.area_code
